#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Current routes and their history in MariaDB, with a server of its own: see tests/sql/routes.sh.
. "$WB_SRC/tests/lib.sh"
. "$WB_SRC/tests/sql/servers.sh"
. "$WB_SRC/tests/sql/routes.sh"
need jq ps setpriv
engine=mysql
db_name=pmacct
db_make $engine
db_away() { db_kill; }
db_back() { db_start; }

# The tables are those of sql/.
db_file "$WB_SRC/sql/waybill-create-routes.$engine" >"$dir/file.log" 2>&1
say $? "the server takes the file of sql/"
test_routes
test_bmp_routes
exit $failed
