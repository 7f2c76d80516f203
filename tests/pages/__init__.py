"""Pages of HTML, read back as a browser would."""
