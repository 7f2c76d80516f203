"""The client, without a server where it can be and against a real one where it must."""
