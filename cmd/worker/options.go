package main

import (
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/internal/connector/document"
	"github.com/headwater/headwater/internal/connector/reference"
	"github.com/headwater/headwater/internal/dev"
	"github.com/headwater/headwater/internal/secret"
	"github.com/headwater/headwater/internal/settings"
)

// options is the command line and what it points to.
type options struct {
	settings   settings.Settings
	providers  *secret.Providers
	connectors []document.Document
	config     string
	dev        bool
	devListen  string
	dataDir    string
	level      slog.LevelVar
	warnings   []connector.Warning // about the worker properties
}

// inputError is a fault in what a person gave.
type inputError struct{ err error }

func (e *inputError) Error() string { return e.err.Error() }
func (e *inputError) Unwrap() error { return e.err }

func parseOptions(args []string, stderr io.Writer) (*options, error) {
	o := &options{}
	flags := o.flags(stderr)
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	if err := o.load(o.config); err != nil {
		return nil, &inputError{err}
	}
	for _, file := range flags.Args() {
		d, err := readConnector(file)
		if err != nil {
			return nil, &inputError{err}
		}
		o.connectors = append(o.connectors, d)
	}
	return o, nil
}

func readConnector(file string) (document.Document, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return document.Document{}, fmt.Errorf("read connector file: %w", err)
	}
	d, err := document.Parse(file, data)
	if err == nil && d.Name == "" {
		err = fmt.Errorf("%s: the connector has no name: add \"name\"", file)
	}
	return d, err
}

// flags declares the command line.
func (o *options) flags(stderr io.Writer) *flag.FlagSet {
	flags := flag.NewFlagSet("worker", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.config, "config", "", "`file` of Kafka Connect worker properties; without it, their defaults")
	flags.BoolVar(&o.dev, "dev", false, "run a Kafka broker for development inside this process")
	flags.StringVar(&o.devListen, "dev-listen", dev.DefaultListen, "`address` where the broker of --dev listens")
	flags.StringVar(&o.dataDir, "data-dir", "headwater-data", "`folder` where the broker of --dev keeps its data")
	flags.TextVar(&o.level, "log-level", &slog.LevelVar{}, "`level` from which on to log: DEBUG, INFO, WARN or ERROR")
	flags.Usage = func() {
		fmt.Fprint(stderr, "usage: worker [--config worker.properties | --dev] [connector.json ...]\n\n")
		flags.PrintDefaults()
	}
	return flags
}

// load reads the worker properties and resolves the provider references in them.
func (o *options) load(file string) error {
	properties := map[string]string{}
	if file != "" {
		data, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("read worker properties: %w", err)
		}
		if properties, _, err = document.Properties(data); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	providers, err := settings.ParseProviders(properties)
	if err != nil {
		return err
	}
	if o.providers, err = secret.New(providers); err != nil {
		return err
	}
	resolved, err := reference.Resolve(properties, o.providers.Names(), o.providers.Lookup)
	if err != nil {
		return err
	}
	o.settings, o.warnings, err = settings.ParseResolved(properties, resolved)
	return err
}
