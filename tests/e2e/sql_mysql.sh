#!/bin/sh
# The output to MariaDB against a server of its own: see tests/sql/test_server.c.
. "$WB_SRC/tests/lib.sh"
. "$WB_SRC/tests/sql/servers.sh"
db_make mysql
db_test_server
exit $failed
