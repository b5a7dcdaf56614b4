package results

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"

	"transfera/results/atomicfile"
)

// modulePath is this module's, to tell its repository from any other.
const modulePath = "transfera"

// Code identifies the program.
type Code struct {
	// Revision is the commit, empty where it is not known.
	Revision string `json:"revision"`
	// Modified says that the tree had changes beyond Revision.
	Modified bool `json:"modified"`
	// Origin says where Revision is from: "build" or "repository".
	Origin string `json:"origin,omitempty"`
	// Executable is the SHA-256 of the running program, which identifies it
	// even where no revision does.
	Executable string `json:"executable,omitempty"`
}

// CurrentCode identifies the running program: by the revision stamped into it
// at build time, else by the repository of this module that folder is in (the
// one it was built from, if it was built there), and always by its own bytes.
func CurrentCode(folder string) Code {
	code := stampedCode()
	if code.Revision == "" {
		code = repositoryCode(folder)
	}
	code.Executable = executableSum()
	return code
}

func stampedCode() Code {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return Code{}
	}
	var code Code
	for _, setting := range info.Settings {
		switch setting.Key {
		case "vcs.revision":
			code.Revision, code.Origin = setting.Value, "build"
		case "vcs.modified":
			code.Modified = setting.Value == "true"
		}
	}
	return code
}

// repositoryCode asks git, if there is one and folder lies in this module.
func repositoryCode(folder string) Code {
	top, err := git(folder, "rev-parse", "--show-toplevel")
	if err != nil || !holdsModule(top) {
		return Code{}
	}
	revision, err := git(folder, "rev-parse", "HEAD")
	if err != nil {
		return Code{}
	}
	status, err := git(folder, "status", "--porcelain")
	return Code{Revision: revision, Modified: err != nil || status != "", Origin: "repository"}
}

func git(folder string, arguments ...string) (string, error) {
	output, err := exec.Command("git", append([]string{"-C", folder}, arguments...)...).Output()
	return strings.TrimSpace(string(output)), err
}

func holdsModule(folder string) bool {
	data, err := os.ReadFile(filepath.Join(folder, "go.mod"))
	if err != nil {
		return false
	}
	lines := bufio.NewScanner(bytes.NewReader(data))
	for lines.Scan() {
		if fields := strings.Fields(lines.Text()); len(fields) == 2 && fields[0] == "module" {
			return fields[1] == modulePath
		}
	}
	return false
}

// executableSum is empty where the program cannot be read any more.
func executableSum() string {
	path, err := os.Executable()
	if err != nil {
		return ""
	}
	sum, err := atomicfile.Sum(path)
	if err != nil {
		return ""
	}
	return sum
}

// Libraries maps Go itself and every module linked into the program to its
// version.
func Libraries() map[string]string {
	versions := map[string]string{"go": runtime.Version()}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return versions
	}
	for _, module := range info.Deps {
		if module.Replace != nil {
			module = module.Replace
		}
		versions[module.Path] = module.Version
	}
	return versions
}
