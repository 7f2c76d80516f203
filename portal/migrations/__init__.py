"""The history of the schema, written by Django's makemigrations; 0002 puts the first rows in."""
