"""What the program means. No sockets, no SQL, no wire: it awaits what `ports` promises."""
