-- pmacct-create-db.pgsql: made from Waybill's table of columns; do not edit.
-- Run as the superuser: psql -d template1 -f FILE
CREATE USER pmacct PASSWORD 'arealsmartpwd';
CREATE DATABASE pmacct OWNER pmacct;
