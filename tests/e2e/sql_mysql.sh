#!/bin/sh
# The output to MariaDB against a server of its own: what lands (tests/sql/test_server.c), and exact
# sums whatever is killed or cut.
. "$WB_SRC/tests/lib.sh"
. "$WB_SRC/tests/sql/servers.sh"
. "$WB_SRC/tests/sql/faults.sh"
need jq ps setpriv
db_make mysql
db_test_server
kill_database
cut_commits
kill_daemon
refuse_ledger
watch_statements
# Many servers do not let clients send files: the same by INSERT.
db_admin mysql "SET GLOBAL local_infile = 0"
db_test_server
exit $failed
