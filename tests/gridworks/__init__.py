"""The public face: names, the exchange in this process, portfolios, the command line."""
