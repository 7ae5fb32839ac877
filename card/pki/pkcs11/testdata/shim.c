// A PKCS #11 module that hands every call on to SoftHSM, but for what a file in the folder SHIM says: its name is that of
// the function, its content one of
//
//	error 30     answer CKR 30 (hexadecimal), every time
//	once 30      answer it once
//	hang         do not come back while the file is there
//	flip         hand the call on and change one bit of the answer (C_Sign)
//	flags 10000  set flags of the token besides (C_GetTokenInfo)
//
// gcc -shared -fPIC -I $(go list -m -f '{{.Dir}}' github.com/miekg/pkcs11) -o shim.so shim.c -ldl
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "pkcs11go.h"

static CK_FUNCTION_LIST real, list;

// told reads what the file for a function says: the word, and the number behind it.
static CK_ULONG told(const char *function, char word[16])
{
	char path[1024], text[64] = "";
	CK_ULONG value = 0;
	snprintf(path, sizeof path, "%s/%s", getenv("SHIM"), function);
	word[0] = 0;
	FILE *f = fopen(path, "r");
	if (f == NULL)
		return 0;
	if (fgets(text, sizeof text, f) == NULL)
		text[0] = 0;
	fclose(f);
	sscanf(text, "%15s %lx", word, &value);
	if (strcmp(word, "once") == 0 && unlink(path) != 0)
		word[0] = 0; // Another thread was faster.
	while (strcmp(word, "hang") == 0 && access(path, F_OK) == 0)
		usleep(5000);
	return value;
}

static CK_RV failing(const char *function)
{
	char word[16];
	CK_ULONG value = told(function, word);
	return strcmp(word, "error") == 0 || strcmp(word, "once") == 0 ? value : CKR_OK;
}

#define FAIL(function) do { CK_RV rv = failing(#function); if (rv != CKR_OK) return rv; } while (0)

static CK_RV initialize(CK_VOID_PTR args) { FAIL(C_Initialize); return real.C_Initialize(args); }

static CK_RV getSlotList(CK_BBOOL present, CK_SLOT_ID_PTR slots, CK_ULONG_PTR count)
{
	FAIL(C_GetSlotList);
	return real.C_GetSlotList(present, slots, count);
}

static CK_RV getTokenInfo(CK_SLOT_ID slot, CK_TOKEN_INFO_PTR info)
{
	char word[16];
	CK_RV rv = real.C_GetTokenInfo(slot, info);
	CK_ULONG flags = told("C_GetTokenInfo", word);
	if (strcmp(word, "flags") == 0)
		info->flags |= flags;
	return rv;
}

static CK_RV openSession(CK_SLOT_ID slot, CK_FLAGS flags, CK_VOID_PTR app, CK_NOTIFY notify, CK_SESSION_HANDLE_PTR session)
{
	FAIL(C_OpenSession);
	return real.C_OpenSession(slot, flags, app, notify, session);
}

static CK_RV login(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR_PTR pin, CK_ULONG length)
{
	char path[1024];
	snprintf(path, sizeof path, "%s/logins", getenv("SHIM"));
	FILE *f = fopen(path, "a"); // One byte for each attempt.
	if (f != NULL) {
		fputc('.', f);
		fclose(f);
	}
	FAIL(C_Login);
	return real.C_Login(session, user, pin, length);
}

static CK_RV getAttributeValue(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_PTR a, CK_ULONG n)
{
	FAIL(C_GetAttributeValue);
	return real.C_GetAttributeValue(session, object, a, n);
}

static CK_RV signInit(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key)
{
	FAIL(C_SignInit);
	return real.C_SignInit(session, mechanism, key);
}

static CK_RV sign(CK_SESSION_HANDLE session, CK_BYTE_PTR data, CK_ULONG n, CK_BYTE_PTR signature, CK_ULONG_PTR length)
{
	char word[16];
	CK_ULONG value = told("C_Sign", word);
	if (strcmp(word, "error") == 0 || strcmp(word, "once") == 0)
		return value;
	CK_RV rv = real.C_Sign(session, data, n, signature, length);
	if (strcmp(word, "flip") == 0 && signature != NULL)
		signature[*length - 1] ^= 1;
	return rv;
}

static CK_RV encryptInit(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key)
{
	FAIL(C_EncryptInit);
	return real.C_EncryptInit(session, mechanism, key);
}

static CK_RV encrypt(CK_SESSION_HANDLE session, CK_BYTE_PTR data, CK_ULONG n, CK_BYTE_PTR out, CK_ULONG_PTR length)
{
	FAIL(C_Encrypt);
	return real.C_Encrypt(session, data, n, out, length);
}

CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR out)
{
	void *library = dlopen(getenv("SHIM_MODULE"), RTLD_NOW | RTLD_LOCAL);
	CK_FUNCTION_LIST_PTR theirs;
	CK_C_GetFunctionList get = library ? (CK_C_GetFunctionList) dlsym(library, "C_GetFunctionList") : NULL;
	if (get == NULL || get(&theirs) != CKR_OK)
		return CKR_GENERAL_ERROR;
	real = list = *theirs;
	list.C_Initialize = initialize;
	list.C_GetSlotList = getSlotList;
	list.C_GetTokenInfo = getTokenInfo;
	list.C_OpenSession = openSession;
	list.C_Login = login;
	list.C_GetAttributeValue = getAttributeValue;
	list.C_SignInit = signInit;
	list.C_Sign = sign;
	list.C_EncryptInit = encryptInit;
	list.C_Encrypt = encrypt;
	*out = &list;
	return CKR_OK;
}
