// Package run is what the commands of workerctl share: the client and its settings, waiting, usage, exit codes, completion.
package run

import (
	"io"
	"os"
	"time"

	"github.com/headwater/headwater/cmd/workerctl/show"
	"github.com/headwater/headwater/internal/api/client"
	"github.com/headwater/headwater/internal/connector/document"
)

// Tool is what all commands share.
type Tool struct {
	show.Printer
	// Settings say whom to call.
	Settings client.Settings
	// Now is the clock that ages are counted by.
	Now func() time.Time
	// Every is how long to pause between two looks while waiting.
	Every time.Duration
	// Version is that of the program.
	Version string

	getenv   func(string) string
	patience time.Duration // of the client
	client   *client.Client
}

// New makes a Tool that calls whom the environment names.
func New(streams show.Streams, getenv func(string) string) *Tool {
	return &Tool{
		Printer: show.Printer{Streams: streams, Format: show.Formats[0]}, getenv: getenv, Now: time.Now, Every: 300 * time.Millisecond,
	}
}

// Connect makes the client when a command needs it; faults in the settings are the caller's input.
func (t *Tool) Connect() (*client.Client, error) {
	if t.client != nil {
		return t.client, nil
	}
	config, err := t.Settings.Config(t.getenv)
	if err != nil {
		return nil, &InputError{err}
	}
	config.Agent, config.Patience = "workerctl/"+t.Version, t.patience
	if t.client, err = client.New(config); err != nil {
		return nil, &InputError{err}
	}
	return t.client, nil
}

// Read reads a file of at most document.MaxBytes that a person named, - for standard input.
func (t *Tool) Read(file string) ([]byte, error) {
	if file == "-" {
		return io.ReadAll(io.LimitReader(t.In, document.MaxBytes+1))
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, &InputError{err}
	}
	defer func() { _ = f.Close() }()
	return io.ReadAll(io.LimitReader(f, document.MaxBytes+1))
}
