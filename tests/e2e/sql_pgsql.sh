#!/bin/sh
# The output to PostgreSQL against a server of its own: what lands (tests/sql/test_server.c), and exact
# sums whatever is killed or cut.
. "$WB_SRC/tests/lib.sh"
. "$WB_SRC/tests/sql/servers.sh"
. "$WB_SRC/tests/sql/faults.sh"
need jq ps setpriv
db_make pgsql
db_test_server
kill_database
cut_commits
kill_daemon
refuse_ledger
exit $failed
