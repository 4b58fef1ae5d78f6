/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TLS for routers that speak it: our certificate, and with a file of authorities theirs. Versions
 * before 1.2 are not spoken (RFC 8996).
 */
#include "bmp/station.h"

#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>

static void
say(struct sbuf *err, const char *key, const char *file)
{
	char text[120];

	ERR_error_string_n(ERR_get_error(), text, sizeof(text));
	ERR_clear_error();
	sbuf_printf(err, "%s: %s: %s", key, file, text);
}

static int
load(SSL_CTX *tls, const struct bmp_conf *conf, struct sbuf *err)
{
	SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION);
	if (SSL_CTX_use_certificate_chain_file(tls, conf->tls_cert) != 1) {
		say(err, "bmp_daemon_tls_cert_file", conf->tls_cert);
		return -1;
	}
	if (SSL_CTX_use_PrivateKey_file(tls, conf->tls_key, SSL_FILETYPE_PEM) != 1 ||
	    SSL_CTX_check_private_key(tls) != 1) {
		say(err, "bmp_daemon_tls_key_file", conf->tls_key);
		return -1;
	}
	if (conf->tls_ca == NULL)
		return 0;
	if (SSL_CTX_load_verify_locations(tls, conf->tls_ca, NULL) != 1) {
		say(err, "bmp_daemon_tls_ca_file", conf->tls_ca);
		return -1;
	}
	SSL_CTX_set_verify(tls, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	return 0;
}

struct ssl_ctx_st *
tls_new(const struct bmp_conf *conf, struct sbuf *err)
{
	SSL_CTX *tls;

	if (conf->tls_key == NULL) {
		sbuf_str(err, "bmp_daemon_tls_cert_file is given, but no bmp_daemon_tls_key_file");
		return NULL;
	}
	tls = SSL_CTX_new(TLS_server_method());
	if (tls != NULL && load(tls, conf, err) == 0)
		return tls;
	if (tls == NULL)
		sbuf_str(err, "TLS: the library gives no context");
	SSL_CTX_free(tls);
	return NULL;
}

void
tls_free(struct ssl_ctx_st *tls)
{
	SSL_CTX_free(tls);
}

struct bufferevent *
tls_accept(struct event_base *base, struct ssl_ctx_st *tls, int fd)
{
	struct bufferevent *bev = bufferevent_openssl_socket_new(base, fd, SSL_new(tls),
	    BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);

	bufferevent_openssl_set_allow_dirty_shutdown(bev, 1);
	return bev;
}

const char *
tls_error(struct bufferevent *bev, char room[160])
{
	unsigned long code = bufferevent_get_openssl_error(bev);

	if (code == 0)
		return "the connection ended in the handshake";
	ERR_error_string_n(code, room, 160);
	return room;
}
