"""The network thread: the only part of the client that touches a socket."""
