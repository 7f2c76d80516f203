"""The control plane: who may use the service, with which rights, how much, and how much they did.

Lives here: the Django models and migrations, which own the schema of the control-plane store
(SQLite by default, PostgreSQL by URL), the triggers that keep it honest, the administrative acts
that change it (`acts/`, each leaves a line in the audit log) and the usage reports.

Does not live here: enforcing any of it. The gRPC server reads and writes the same tables through
DB-API (`server/auth`, `server/metering`) and never imports Django. No web pages yet.

Who may import it: the command line and tests. It imports nothing of the project but the
client and the generated stubs. Call `portal.store.open_store(url)` before importing a model.
"""
