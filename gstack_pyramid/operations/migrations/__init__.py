"""Migrations of the tables of operations, run by Alembic."""
