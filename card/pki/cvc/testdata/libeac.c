/* The chip's side of Terminal Authentication by libeac, for the test that has a stranger judge our certificates.
 *
 * usage: libeac chain CVCA CERTIFICATE...   each certificate under the one before, the first under the CVCA
 *        libeac request FILE               the inner signature of a request
 * The exit status tells whether all is right. */
#include <eac/cv_cert.h>
#include <eac/eac.h>
#include <eac/ta.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

static void die(const char *what) {
	fprintf(stderr, "libeac: %s\n", what);
	ERR_print_errors_fp(stderr);
	exit(1);
}

static size_t read_file(const char *path, unsigned char *b, size_t most) {
	FILE *f = fopen(path, "rb");
	if (!f) die(path);
	size_t n = fread(b, 1, most, f);
	fclose(f);
	return n;
}

static CVC_CERT *certificate(const char *path) {
	static unsigned char b[8192];
	const unsigned char *p = b;
	size_t n = read_file(path, b, sizeof b);
	CVC_CERT *c = CVC_d2i_CVC_CERT(NULL, &p, (long)n);
	if (!c || p != b + n) die(path);
	return c;
}

static void chain(EAC_CTX *ctx, int n, char **paths) {
	static unsigned char b[8192];
	size_t length = read_file(paths[0], b, sizeof b);
	if (EAC_CTX_init_ta(ctx, NULL, 0, b, length) != 1) die(paths[0]);
	BIO *out = BIO_new_fp(stdout, BIO_NOCLOSE);
	for (int i = 1; i < n; i++) {
		length = read_file(paths[i], b, sizeof b);
		if (TA_STEP2_import_certificate(ctx, b, length) != 1) die(paths[i]);
		if (CVC_print(out, certificate(paths[i]), 0) != 1) die("print");
	}
}

int main(int argc, char **argv) {
	static unsigned char b[8192];
	if (argc < 3) die("usage: libeac chain|request|vouched FILE...");
	EAC_init();
	EAC_CTX *ctx = EAC_CTX_new();
	if (!ctx) die("context");
	if (!strcmp(argv[1], "chain")) {
		chain(ctx, argc - 2, argv + 2);
		return 0;
	}
	if (!strcmp(argv[1], "request")) {
		const unsigned char *p = b;
		size_t n = read_file(argv[2], b, sizeof b);
		CVC_CERT_REQUEST *r = d2i_CVC_CERT_REQUEST(NULL, &p, (long)n);
		if (!r || p != b + n) die("not a request");
		if (CVC_verify_request_signature(r) != 1) die("the inner signature");
		return 0;
	}
	die("chain or request");
}
