#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The systemd unit and the logrotate file by the judgement of systemd-analyze and logrotate themselves.
. "$WB_SRC/tests/lib.sh"

verify_unit() {
	# The programs stand where this build has them, and no manual page is installed.
	sed -e "s|/usr/local/sbin/waybilld|$WB_BUILD/waybilld|; s|/usr/local/bin/waybill|$WB_BUILD/waybill|" \
		-e '/^Documentation=/d' "$WB_SRC/conf/waybilld.service" >"$dir/waybilld.service"
	systemd-analyze verify --man=no "$dir/waybilld.service" >"$dir/verify" 2>&1
	grep 'waybilld.service' "$dir/verify" >"$dir/verify.ours"
	[ ! -s "$dir/verify.ours" ]
	say $? "systemd-analyze finds no fault in conf/waybilld.service"
	sed 's/^/    /' "$dir/verify.ours"
}

verify_logrotate() {
	mkdir -m 755 "$dir/log"
	echo line >"$dir/log/waybill.log"
	sed -e "s|/var/log/waybill|$dir/log|" -e "s|waybill waybill|$(id -un) $(id -gn)|" \
		"$WB_SRC/conf/waybill.logrotate" >"$dir/logrotate"
	chmod 644 "$dir/logrotate"
	logrotate -d -s "$dir/state" "$dir/logrotate" >"$dir/rotate" 2>&1 && ! grep -q '^error' "$dir/rotate"
	say $? "logrotate finds no fault in conf/waybill.logrotate"
	grep '^error' "$dir/rotate" | sed 's/^/    /'
}

if command -v systemd-analyze >/dev/null; then
	verify_unit
else
	echo "skip: systemd-analyze is missing; NOT TESTED"
fi
PATH=$PATH:/usr/sbin
need logrotate
verify_logrotate
exit $failed
