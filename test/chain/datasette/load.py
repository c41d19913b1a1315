# Puts rows into the file that Datasette serves: one JSON object a line from standard input, all in one transaction, so
# that a row is never seen without those below it. The table is the row's level. The first call makes the tables.
import json
import sqlite3
import sys

db = sqlite3.connect(sys.argv[1])
db.executescript(
    """
    pragma journal_mode = wal; -- who writes does not keep who reads waiting
    pragma synchronous = off;  -- no one needs the file after the test
    create table if not exists root (level text, id text primary key, changed integer unique, text text);
    create table if not exists branch (level text, id text primary key, root text, text text);
    create table if not exists leaf (level text, id text primary key, branch text, text text);
    create index if not exists branch_root on branch (root, id);
    create index if not exists leaf_branch on leaf (branch, id);
    """
)
with db:
    for line in sys.stdin:
        row = json.loads(line)
        into = "insert into %s (%s) values (%s)" % (row["level"], ",".join(row), ",".join("?" * len(row)))
        db.execute(into, list(row.values()))
