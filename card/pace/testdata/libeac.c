/* One side of PACE by libeac, for the test that sets a stranger against each of our roles.
 *
 * usage: libeac chip|terminal EF.CardAccess CAN
 * Messages go by standard input and output, one line of hexadecimal digits each. The exit status tells whether the
 * token of the other side was right. */
#include <eac/eac.h>
#include <eac/pace.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void die(const char *what) {
	fprintf(stderr, "libeac: %s\n", what);
	exit(2);
}

static BUF_MEM *unhex(const char *text) {
	BUF_MEM *b = BUF_MEM_new();
	size_t n = strlen(text) / 2;
	if (!b || !BUF_MEM_grow(b, n)) die("memory");
	for (size_t i = 0; i < n; i++) {
		unsigned octet;
		if (sscanf(text + 2 * i, "%2x", &octet) != 1) die("not hexadecimal");
		b->data[i] = (char)octet;
	}
	return b;
}

static void say(const char *what, const BUF_MEM *b) {
	if (!b) die(what);
	for (size_t i = 0; i < b->length; i++) printf("%02x", (unsigned char)b->data[i]);
	printf("\n");
	fflush(stdout);
}

static BUF_MEM *hear(void) {
	static char line[4096];
	if (!fgets(line, sizeof line, stdin)) die("nothing more to read");
	line[strcspn(line, "\n")] = 0;
	return unhex(line);
}

static void must(const char *what, int ok) {
	if (ok != 1) die(what);
}

int main(int argc, char **argv) {
	if (argc != 4) die("usage: libeac chip|terminal EF.CardAccess CAN");
	int chip = !strcmp(argv[1], "chip");
	EAC_init();
	EAC_CTX *ctx = EAC_CTX_new();
	PACE_SEC *can = PACE_SEC_new(argv[3], strlen(argv[3]), PACE_CAN);
	BUF_MEM *access = unhex(argv[2]), *own, *peer;
	if (!ctx || !can) die("context");
	must("EF.CardAccess", EAC_CTX_init_ef_cardaccess((unsigned char *)access->data, access->length, ctx));

	if (chip) say("nonce", PACE_STEP1_enc_nonce(ctx, can));
	else must("nonce", PACE_STEP2_dec_nonce(ctx, can, hear()));

	own = PACE_STEP3A_generate_mapping_data(ctx);
	if (!chip) say("mapping data", own);
	peer = hear();
	must("map", PACE_STEP3A_map_generator(ctx, peer));
	if (chip) say("mapping data", own);

	own = PACE_STEP3B_generate_ephemeral_key(ctx);
	if (!chip) say("key", own);
	peer = hear();
	must("agree", PACE_STEP3B_compute_shared_secret(ctx, peer));
	if (chip) say("key", own);
	must("derive", PACE_STEP3C_derive_keys(ctx));

	own = PACE_STEP3D_compute_authentication_token(ctx, peer);
	if (!chip) say("token", own);
	if (PACE_STEP3D_verify_authentication_token(ctx, hear()) != 1) return 1;
	if (chip) say("token", own);
	return 0;
}
