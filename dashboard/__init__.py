"""One ASGI application: the pages, the login, and what keeps strangers out."""
