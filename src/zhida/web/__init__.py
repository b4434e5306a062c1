"""The web: settings, addresses of pages, the server. Composes what the floors below it have."""
