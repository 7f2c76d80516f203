"""Tests of the risk kernels: each driven through `desk.Desk`, without a book."""
