"""Who may come in: signing in, second factors, accounts and their people."""
