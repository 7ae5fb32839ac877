package pkcs11

import (
	"bufio"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/cancuoc/cancuoc/card/regular"
)

// library finds the file of the module, the one that symbolic links lead to, so that one module under two names is
// still one.
func (u URI) library() (string, error) {
	switch {
	case u.modulePath != "":
		return resolved(u.modulePath)
	case u.moduleName != "":
		return named(u.moduleName, "/")
	}
	return "", fmt.Errorf("%w: the URI names none: add ?module-path=PATH, as in /usr/lib/softhsm/libsofthsm2.so", ErrModule)
}

func resolved(path string) (string, error) {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrModule, err)
	}
	return real, nil
}

// named finds a module by name below root: as p11-kit has it configured, else by the name of its file among the
// modules of the system.
func named(name, root string) (string, error) {
	for _, folder := range []string{"etc/pkcs11/modules", "usr/share/p11-kit/modules"} {
		file := configured(filepath.Join(root, folder, name+".module"))
		if filepath.IsAbs(file) {
			return resolved(file)
		}
		if path := installed(root, file); file != "" && path != "" {
			return resolved(path)
		}
	}
	for _, file := range []string{name + ".so", "lib" + name + ".so", name} {
		if path := installed(root, file); path != "" {
			return resolved(path)
		}
	}
	return "", fmt.Errorf("%w: none is installed under the name %s: name its file with module-path", ErrModule, name)
}

// installed finds a file in the folders where systems keep modules.
func installed(root, file string) string {
	for _, folder := range []string{"usr/lib/*/pkcs11", "usr/lib64/pkcs11", "usr/lib/pkcs11", "usr/local/lib/pkcs11"} {
		if found, _ := filepath.Glob(filepath.Join(root, folder, file)); len(found) > 0 {
			return found[0]
		}
	}
	return ""
}

// configured reads the line "module: FILE" of p11-kit's description of a module.
func configured(path string) string {
	f, err := regular.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	for lines := bufio.NewScanner(io.LimitReader(f, 64<<10)); lines.Scan(); {
		key, value, _ := strings.Cut(lines.Text(), ":")
		if strings.TrimSpace(key) == "module" {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
