"""Option prices against QuantLib, mpmath, published tables and laws."""
