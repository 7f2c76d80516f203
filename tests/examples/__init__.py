"""The examples, each run as a program against a real server."""
