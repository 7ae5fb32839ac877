package pkcs11

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestModuleByName(t *testing.T) {
	root := t.TempDir()
	put := func(path, text string) string {
		path = filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	absolute := put("opt/vendor.so", "")
	relative := put("usr/lib/x86_64-linux-gnu/pkcs11/opensc-pkcs11.so", "")
	bare := put("usr/lib64/pkcs11/libsnakeoil.so", "")
	put("usr/share/p11-kit/modules/vendor.module", "# made by hand\npriority: 1\nmodule: "+absolute+"\n")
	put("usr/share/p11-kit/modules/opensc.module", "module:opensc-pkcs11.so\n")
	put("usr/share/p11-kit/modules/gone.module", "module: /no/such.so\n")
	if err := os.Symlink(bare, filepath.Join(root, "usr/lib64/pkcs11/other.so")); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"vendor": absolute, "opensc": relative, "opensc-pkcs11": relative, "snakeoil": bare, "libsnakeoil.so": bare, "other": bare,
	} {
		if got, err := named(name, root); got != want || err != nil {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
	for _, name := range []string{"gone", "none"} {
		if got, err := named(name, root); !errors.Is(err, ErrModule) {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
}
