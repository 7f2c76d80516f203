"""Portfolio risk against published results, other libraries, simulations and laws."""
