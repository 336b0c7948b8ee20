"""Rows by area, one module each; :func:`..registry.all_rows` imports them."""
