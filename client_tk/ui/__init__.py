"""The widgets: each draws frozen values and calls back; none imports `client_tk.net`."""
