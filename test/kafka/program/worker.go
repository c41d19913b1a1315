package program

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
)

// Worker describes a Headwater worker to run as a process.
type Worker struct {
	Binary    string
	Dir       string // for its files and its log, worker.log
	Bootstrap string
	Group     string // group.id, and the first part of its topics' names
	// Properties go into worker.properties last.
	Properties map[string]string
	// Connectors are the files given to it: name to configuration.
	Connectors map[string]map[string]string
	// Env is added to this process's environment.
	Env []string
}

// RunningWorker is a worker's process and the address of its REST API.
type RunningWorker struct {
	*Process
	URL string
}

// Log is the path of the worker's log.
func (w Worker) Log() string { return filepath.Join(w.Dir, "worker.log") }

// Start writes the worker's files and runs it: worker --config worker.properties connector.json ...
func (w Worker) Start() (*RunningWorker, error) {
	address, err := FreeAddress()
	if err != nil {
		return nil, err
	}
	properties := filepath.Join(w.Dir, "worker.properties")
	if err := os.WriteFile(properties, w.render("http://"+address), 0o600); err != nil {
		return nil, err
	}
	args := []string{"--config", properties}
	for _, name := range slices.Sorted(maps.Keys(w.Connectors)) {
		file := filepath.Join(w.Dir, name+".json")
		if err := writeConnector(file, name, w.Connectors[name]); err != nil {
			return nil, err
		}
		args = append(args, file)
	}
	cmd := exec.Command(w.Binary, args...)
	cmd.Env = append(os.Environ(), w.Env...)
	p, err := Start(cmd, w.Log())
	if err != nil {
		return nil, fmt.Errorf("start worker: %w", err)
	}
	return &RunningWorker{Process: p, URL: "http://" + address}, nil
}

func (w Worker) render(listener string) []byte {
	p := map[string]string{
		"bootstrap.servers": w.Bootstrap, "group.id": w.Group, "listeners": listener,
		"config.storage.topic": w.Group + "-configs", "config.storage.replication.factor": "1",
		"offset.storage.topic": w.Group + "-offsets", "offset.storage.replication.factor": "1", "offset.storage.partitions": "5",
		"status.storage.topic": w.Group + "-status", "status.storage.replication.factor": "1", "status.storage.partitions": "1",
	}
	maps.Copy(p, w.Properties)
	var out []byte
	for _, k := range slices.Sorted(maps.Keys(p)) {
		out = fmt.Appendf(out, "%s=%s\n", k, p[k])
	}
	return out
}

func writeConnector(path, name string, config map[string]string) error {
	raw, err := json.MarshalIndent(map[string]any{"name": name, "config": config}, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, raw, 0o600)
}
