"""Order-book and tape measures that need quotes or trades."""
