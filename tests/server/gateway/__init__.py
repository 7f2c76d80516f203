"""The gateway: its kernels, its protocol, its calls, and the clients of others."""
