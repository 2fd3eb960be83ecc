"""Where everything is kept: one database, one store a table family, SQL written out."""
