package secret_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/headwater/headwater/internal/connector/reference"
	"github.com/headwater/headwater/internal/secret"
)

type testBundle struct {
	*secret.Providers
	allowed, outside string // directories
}

func setup(t *testing.T) testBundle {
	t.Helper()
	b := testBundle{allowed: t.TempDir(), outside: t.TempDir()}
	b.write(t, filepath.Join(b.allowed, "s.properties"), "password = c4nary\\u0021\nempty=\n")
	b.write(t, filepath.Join(b.allowed, "bad.properties"), "password=\\uc4nary")
	b.write(t, filepath.Join(b.outside, "s.properties"), "password=other\n")
	b.write(t, filepath.Join(b.outside, "one.properties"), "password=one\n")
	p, err := secret.New([]reference.Provider{
		{Name: "file", Kind: reference.File, Paths: []string{b.allowed, filepath.Join(b.outside, "one.properties")}},
		{Name: "directory", Kind: reference.Directory, Paths: []string{b.allowed}},
		{Name: "env", Kind: reference.Environment, Names: "HW_[A-Z]+"},
		{Name: "anyenv", Kind: reference.Environment},
		{Name: "closed", Kind: reference.File},
	})
	if err != nil {
		t.Fatal(err)
	}
	b.Providers = p
	return b
}

func (testBundle) write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestLookup(t *testing.T) {
	b := setup(t)
	t.Setenv("HW_TOKEN", "from env")
	t.Setenv("OTHER", "from env")
	link := filepath.Join(b.allowed, "link.properties")
	if err := os.Symlink("s.properties", link); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ provider, path, key, want string }{
		{"file", filepath.Join(b.allowed, "s.properties"), "password", "c4nary!"},
		{"file", filepath.Join(b.allowed, "s.properties"), "empty", ""},
		{"file", link, "password", "c4nary!"},
		{"file", filepath.Join(b.outside, "one.properties"), "password", "one"},
		{"directory", b.allowed, "s.properties", "password = c4nary\\u0021\nempty=\n"},
		{"env", "", "HW_TOKEN", "from env"},
		{"anyenv", "", "OTHER", "from env"},
	} {
		if got, err := b.Lookup(c.provider, c.path, c.key); err != nil || got != c.want {
			t.Errorf("%s %s %s: %q %v", c.provider, c.path, c.key, got, err)
		}
	}
	names := b.Names()
	slices.Sort(names)
	if !slices.Equal(names, []string{"anyenv", "closed", "directory", "env", "file"}) {
		t.Error(names)
	}
}

func TestRefused(t *testing.T) {
	b := setup(t)
	t.Setenv("HW_TOKEN", "c4nary")
	t.Setenv("OTHER", "c4nary")
	in := func(name string) string { return filepath.Join(b.allowed, name) }
	for link, target := range map[string]string{
		"out.properties": filepath.Join(b.outside, "s.properties"), "outdir": b.outside, "dangling": "nowhere",
	} {
		if err := os.Symlink(target, in(link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(in("pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	b.write(t, in("large"), "password=c4nary\n"+strings.Repeat("#\n", secret.MaxBytes/2))
	sibling := b.allowed + "x"
	if err := os.Mkdir(sibling, 0o700); err != nil {
		t.Fatal(err)
	}
	b.write(t, filepath.Join(sibling, "s.properties"), "password=c4nary")
	for _, c := range []struct {
		provider, path, key string
		want                error // nil: any
	}{
		{"vault", in("s.properties"), "password", secret.ErrProvider},
		{"file", filepath.Join(b.outside, "s.properties"), "password", secret.ErrNotAllowed},
		{"file", filepath.Join(b.outside, "missing"), "password", secret.ErrNotAllowed},
		{"file", filepath.Join(sibling, "s.properties"), "password", secret.ErrNotAllowed},
		{"file", in("../" + filepath.Base(b.outside) + "/s.properties"), "password", secret.ErrNotAllowed},
		{"file", in("out.properties"), "password", secret.ErrNotAllowed},
		{"file", in("outdir/s.properties"), "password", secret.ErrNotAllowed},
		{"file", "s.properties", "password", secret.ErrNotAllowed},
		{"file", "", "password", secret.ErrNotAllowed},
		{"file", in("pipe"), "password", secret.ErrNotAllowed},
		{"file", b.allowed, "password", secret.ErrNotAllowed},
		{"file", "/dev/null", "password", secret.ErrNotAllowed},
		{"file", "/proc/self/environ", "password", secret.ErrNotAllowed},
		{"file", in("large"), "password", secret.ErrTooLarge},
		{"file", in("missing"), "password", os.ErrNotExist},
		{"file", in("dangling"), "password", os.ErrNotExist},
		{"file", in("s.properties"), "user", secret.ErrNoValue},
		{"file", in("bad.properties"), "password", nil},
		{"closed", in("s.properties"), "password", secret.ErrNotAllowed},
		{"directory", b.allowed, "../x", secret.ErrNotAllowed},
		{"directory", b.allowed, "", secret.ErrNotAllowed},
		{"directory", b.outside, "s.properties", secret.ErrNotAllowed},
		{"env", "", "OTHER", secret.ErrNotAllowed},
		{"env", "", "XHW_TOKEN", secret.ErrNotAllowed},
		{"env", "", "HW_TOKEN_2", secret.ErrNotAllowed},
		{"env", "", "HW_MISSING", secret.ErrNoValue},
	} {
		got, err := b.Lookup(c.provider, c.path, c.key)
		if err == nil || got != "" || (c.want != nil && !errors.Is(err, c.want)) {
			t.Errorf("%s %s %s: %q %v, want %v", c.provider, c.path, c.key, got, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "c4nary") {
			t.Errorf("the secret shows: %v", err)
		}
	}
}

// A secret that is replaced, as Kubernetes does it by swapping links, counts at the next look-up.
func TestReplaced(t *testing.T) {
	b := setup(t)
	for _, version := range []string{"v1", "v2"} {
		dir := filepath.Join(b.allowed, version)
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		b.write(t, filepath.Join(dir, "k.properties"), "password="+version)
		data := filepath.Join(b.allowed, "..data")
		_ = os.Remove(data)
		if err := os.Symlink(version, data); err != nil {
			t.Fatal(err)
		}
		if got, err := b.Lookup("file", filepath.Join(data, "k.properties"), "password"); err != nil || got != version {
			t.Errorf("%q %v, want %s", got, err, version)
		}
	}
}
