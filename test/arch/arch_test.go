// Package arch_test holds the house to its plan: who may import whom, what the pure rooms must not touch, that every
// package says what it is, and how long things may get.
package arch_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/headwater/headwater/"

// floors says on which floor a room stands. A room may import only rooms on lower floors, or below itself.
var floors = []struct {
	prefix string
	floor  int
}{
	{"cmd/", 6},
	{"worker/pipeline", 3},
	{"worker/hold", 3},
	{"worker/ahead", 0},
	{"worker/meter", 4},
	{"worker/source", 5},
	{"worker", 5},
	{"coordinator", 2},
	{"offsets", 2},
	{"chaining", 2},
	{"internal/kafka", 2},
	{"internal/api", 2},
	{"internal/dev", 2},
	{"internal/settings", 2},
	{"internal/secret", 2},
	{"internal/connector", 1},
	{"internal/connectjson", 0},
	{"internal/proof", 0},
	{"internal/fault", 0},
	{"internal/record", 0},
	{"proto", 0},
}

// pure rooms decide and do nothing: no clock, no network, no files, no goroutines.
var pure = []string{
	"internal/record", "internal/fault", "internal/connector", "internal/connectjson", "worker/pipeline",
	"coordinator/configs", "coordinator/plan", "coordinator/rows", "coordinator/status", "chaining",
}

// shells are the rooms beneath pure ones that are not.
var shells = []string{"chaining/items"}

// isPure reports whether a room is to be pure.
func isPure(room string) bool {
	beneath := func(p string) bool { return under(room, p) }
	return slices.ContainsFunc(pure, beneath) && !slices.ContainsFunc(shells, beneath)
}

// impure is what a pure room must not import.
var impure = []string{"net", "net/http", "os", "os/exec", "sync", "context", "log/slog", "log", "math/rand", "math/rand/v2", "syscall"}

// doors lists, by the path of a library or a family of them, the rooms that may import it.
var doors = map[string][]string{
	"github.com/twmb/franz-go":        {"internal/kafka", "internal/dev", "test", "examples"}, // the broker
	"github.com/hashicorp/memberlist": {"coordinator/gossip"},
	"github.com/spf13/cobra":          {"cmd/workerctl"},
	"github.com/cockroachdb/pebble":   {"chaining/items"},
}

const (
	maxFile     = 400
	maxFunction = 60
	maxRoom     = 1500
)

// source is one parsed file.
type source struct {
	path, room string
	test       bool
	file       *ast.File
	set        *token.FileSet
}

func TestImportsRunDownward(t *testing.T) {
	for _, s := range sources(t) {
		from, ok := floorOf(s.room)
		if !ok || s.test {
			continue
		}
		for _, path := range imports(s.file) {
			room, ours := strings.CutPrefix(path, module)
			to, known := floorOf(room)
			switch {
			case !ours || under(room, s.room) || under(s.room, room) || sameHouse(s.room, room):
			case !known:
				t.Errorf("%s imports %s, which is on no floor", s.path, room)
			case to >= from:
				t.Errorf("%s (floor %d) imports %s (floor %d): imports run downward only", s.path, from, room, to)
			}
		}
	}
}

func TestWorkerKnowsNoDoors(t *testing.T) {
	for _, s := range sources(t) {
		if s.room != "worker" || s.test {
			continue
		}
		for _, path := range imports(s.file) {
			if strings.HasPrefix(path, module+"internal/kafka") || strings.HasPrefix(path, module+"worker/source") {
				t.Errorf("%s imports %s: worker declares what it needs, cmd/worker hands it in", s.path, path)
			}
		}
	}
}

func TestPureRoomsStayPure(t *testing.T) {
	for _, s := range sources(t) {
		if s.test || !isPure(s.room) || strings.HasSuffix(s.room, "/gen") {
			continue
		}
		for _, path := range imports(s.file) {
			if slices.Contains(impure, path) {
				t.Errorf("%s imports %s: the room is pure", s.path, path)
			}
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if x, isName := selectorOf(sel, ok); isName && x == "time" && (sel.Sel.Name == "Now" || sel.Sel.Name == "Sleep") {
				t.Errorf("%s calls time.%s: time is an argument here", s.set.Position(n.Pos()), sel.Sel.Name)
			}
			if _, ok := n.(*ast.GoStmt); ok {
				t.Errorf("%s starts a goroutine: the room is pure", s.set.Position(n.Pos()))
			}
			return true
		})
	}
}

func TestOnlyDoorsImportTheirLibraries(t *testing.T) {
	used := map[string]bool{}
	for _, s := range sources(t) {
		for _, path := range imports(s.file) {
			for library, rooms := range doors {
				if !under(path, library) {
					continue
				}
				used[library] = true
				open := slices.ContainsFunc(rooms, func(room string) bool { return under(s.room, room) })
				// A test of another room may look at the broker through a client of its own, but not speak gossip.
				if !open && !(s.test && library == "github.com/twmb/franz-go") {
					t.Errorf("%s imports %s: only %v may", s.path, path, rooms)
				}
			}
		}
	}
	for library := range doors {
		if !used[library] {
			t.Errorf("nobody imports %s: is its path right?", library)
		}
	}
}

func TestSizes(t *testing.T) {
	rooms := map[string]int{}
	for _, s := range sources(t) {
		if strings.HasSuffix(s.path, ".pb.go") || s.test {
			continue
		}
		lines := s.set.File(s.file.Pos()).LineCount()
		rooms[s.room] += lines
		if lines > maxFile {
			t.Errorf("%s has %d lines, at most %d: it answers more than one question", s.path, lines, maxFile)
		}
		for _, d := range s.file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Body == nil {
				continue
			}
			if n := s.set.Position(f.End()).Line - s.set.Position(f.Pos()).Line; n > maxFunction {
				t.Errorf("%s: %s has %d lines, at most %d", s.path, f.Name.Name, n, maxFunction)
			}
		}
	}
	for room, n := range rooms {
		if n > maxRoom {
			t.Errorf("room %s has %d lines, at most %d: split it", room, n, maxRoom)
		}
	}
}

func TestEveryPackageAndNameIsDocumented(t *testing.T) {
	documented := map[string]bool{}
	for _, s := range sources(t) {
		if s.test || strings.HasSuffix(s.path, ".pb.go") {
			documented[s.room] = documented[s.room] || s.file.Doc != nil || s.test
			continue
		}
		documented[s.room] = documented[s.room] || s.file.Doc != nil
		for _, d := range s.file.Decls {
			undocumented(t, s, d)
		}
	}
	for room, ok := range documented {
		if !ok {
			t.Errorf("package %s has no doc comment", room)
		}
	}
}

// undocumented reports exported declarations without a comment.
func undocumented(t *testing.T, s source, d ast.Decl) {
	t.Helper()
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Name.IsExported() && d.Doc == nil && exportedReceiver(d) {
			t.Errorf("%s: %s has no comment", s.path, d.Name.Name)
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			if ts, ok := spec.(*ast.TypeSpec); ok && ts.Name.IsExported() && d.Doc == nil && ts.Doc == nil {
				t.Errorf("%s: type %s has no comment", s.path, ts.Name.Name)
			}
		}
	}
}

func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	name := d.Recv.List[0].Type
	if star, ok := name.(*ast.StarExpr); ok {
		name = star.X
	}
	id, ok := name.(*ast.Ident)
	return ok && id.IsExported()
}

func selectorOf(sel *ast.SelectorExpr, ok bool) (string, bool) {
	if !ok {
		return "", false
	}
	id, isName := sel.X.(*ast.Ident)
	if !isName {
		return "", false
	}
	return id.Name, true
}

func floorOf(room string) (int, bool) {
	for _, f := range floors {
		if under(room, strings.TrimSuffix(f.prefix, "/")) {
			return f.floor, true
		}
	}
	return 0, false
}

func under(room, prefix string) bool { return room == prefix || strings.HasPrefix(room, prefix+"/") }

// sameHouse allows a room to use those beside it below one parent: coordinator/configs, worker/pipeline/poll.
func sameHouse(a, b string) bool {
	for _, parent := range []string{
		"worker/pipeline", "worker/source", "coordinator", "cmd/workerctl",
		"internal/connector", "internal/record", "internal/dev", "internal/api", "internal/kafka",
	} {
		if under(a, parent) && strings.HasPrefix(b, parent+"/") {
			return true
		}
	}
	return false
}

func imports(f *ast.File) []string {
	var out []string
	for _, i := range f.Imports {
		path, _ := strconv.Unquote(i.Path.Value)
		out = append(out, path)
	}
	return out
}

// sources parses every Go file of the tree.
func sources(t *testing.T) []source {
	t.Helper()
	var out []source
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() && strings.HasPrefix(d.Name(), ".") && path != root {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") {
			return nil
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, path, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(root, path)
		out = append(out, source{
			path: rel, room: filepath.ToSlash(filepath.Dir(rel)), test: strings.HasSuffix(path, "_test.go"), file: file, set: set,
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
