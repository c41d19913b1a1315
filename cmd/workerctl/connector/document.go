package connector

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/headwater/headwater/cmd/workerctl/run"
	"github.com/headwater/headwater/internal/api/client"
	"github.com/headwater/headwater/internal/connector/document"
)

// wish is a connector as a file describes it.
type wish struct {
	file, name string
	config     map[string]string
}

const forms = `FILE is JSON as POST /connectors takes it, as GET /connectors/NAME answers it, or a flat
object of properties; or a .properties file; - reads standard input.`

// wishes reads all files before anything is done about one of them.
func wishes(t *run.Tool, files []string) ([]wish, error) {
	var list []wish
	var faults []error
	from := map[string]string{}
	for _, file := range files {
		w, err := readWish(t, file)
		if other, twice := from[w.name]; err == nil && twice {
			err = fmt.Errorf("%s: connector %s is in %s too", file, w.name, other)
		}
		if err != nil {
			faults = append(faults, run.Input(err))
			continue
		}
		from[w.name] = file
		list = append(list, w)
	}
	return list, errors.Join(faults...)
}

func readWish(t *run.Tool, file string) (wish, error) {
	data, err := t.Read(file)
	if err != nil {
		return wish{}, err
	}
	d, err := document.Parse(file, data)
	if _, named := errors.AsType[*document.Error](err); err != nil && !named {
		err = fmt.Errorf("%s: %w", file, err)
	}
	if err != nil {
		return wish{}, err
	}
	for _, w := range d.Warnings {
		t.Note("%s: %v", file, w)
	}
	switch {
	case d.Name == "":
		return wish{}, fmt.Errorf(`%s: the connector has no name: add "name"`, file)
	case d.Properties["connector.class"] == "":
		return wish{}, fmt.Errorf(`%s: the connector has no class: add "connector.class": "HttpSourceV2"`, file)
	}
	return wish{file, d.Name, d.Properties}, nil
}

// checked is what a worker says of a configuration.
type checked struct {
	Name   string        `json:"name"`
	File   string        `json:"file"`
	Faults []configFault `json:"faults"`
}

type configFault struct {
	Property string `json:"property"`
	Problem  string `json:"problem"`
}

func check(ctx context.Context, c *client.Client, w wish) (checked, error) {
	out := checked{Name: w.name, File: w.file, Faults: []configFault{}}
	v, err := c.Validate(ctx, w.config)
	for _, p := range v.Configs {
		for _, problem := range p.Value.Errors {
			out.Faults = append(out.Faults, configFault{p.Value.Name, problem})
		}
	}
	return out, err
}

// err is nil when there are no faults.
func (c checked) err() error {
	if len(c.Faults) == 0 {
		return nil
	}
	lines := []string{fmt.Sprintf("%s: connector %s is not valid:", c.File, c.Name)}
	for _, f := range c.Faults {
		lines = append(lines, "  "+f.Property+": "+strings.TrimPrefix(f.Problem, f.Property+": ")) // some name the property themselves
	}
	return run.Input(errors.New(strings.Join(lines, "\n")))
}
