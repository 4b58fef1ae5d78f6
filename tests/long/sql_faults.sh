#!/bin/sh
# Both database servers killed twenty times each in mid-purge, and the other faults of the short tests.
export WB_KILLS=20
sh "$WB_SRC/tests/e2e/sql_mysql.sh" && exec sh "$WB_SRC/tests/e2e/sql_pgsql.sh"
