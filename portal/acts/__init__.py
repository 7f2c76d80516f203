"""Administrative acts: the only way the command line changes the store.

Lives here: what can be done to partners, plans and keys. Each act runs in one transaction, checks
what it is given, and leaves one line in the audit log with the operator and what changed.

Does not live here: reading options, printing, enforcing rights.

Who may import it: the command line and tests, after `portal.store.open_store`.
"""
