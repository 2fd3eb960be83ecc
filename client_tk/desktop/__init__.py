"""What the desktop around the window can do, by its own means. Nothing here needs a library."""
