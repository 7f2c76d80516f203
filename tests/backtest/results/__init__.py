"""Results out of records that are made by hand."""
