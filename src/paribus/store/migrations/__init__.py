"""What leads from one format of the database to the next, a file each: vNNNN_WHAT.sql or .py.

A file of Python has `migrate(db)`, which runs within the migration's transaction. To change the
tables, add the next number; never change a migration that has been released. A migration uses
nothing of the package that later changes could alter under it, but `spec.identity`, which keeps
every version of canonical forms.
"""
