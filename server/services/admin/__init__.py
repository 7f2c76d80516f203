"""AdminService: `servicer` has its methods; `health` says how each part of the server is."""
