package connector

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/headwater/headwater/cmd/workerctl/run"
	"github.com/headwater/headwater/internal/api/client"
	"github.com/headwater/headwater/internal/api/wire"
)

// itemFlags are those that name a work item of a child API.
func (o *offsetOptions) itemFlags(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&o.values, "value", nil, "of a child API: `NAME=VALUE` of a placeholder, once for each")
	cmd.Flags().IntVar(&o.api, "api", 0, "with --value, where several child APIs have such placeholders: the `N` of apiN")
}

// item returns the partition of the work item that --value names, beside the URL that --partition names or the queue knows.
func (o *offsetOptions) item(ctx context.Context, c *client.Client) (map[string]any, error) {
	values, err := parse(o.values)
	if err != nil {
		return nil, err
	}
	at, err := parse(o.partition)
	if err != nil {
		return nil, err
	}
	if _, given := at["url"]; !given {
		q, err := c.Queue(ctx, o.name)
		if err != nil {
			return nil, err
		}
		if at["url"], err = o.url(q, slices.Sorted(maps.Keys(values))); err != nil {
			return nil, err
		}
	}
	for name, value := range values {
		at[wire.PlaceholderKey(name)] = value
	}
	return at, nil
}

// url is that of the one child API that is meant.
func (o *offsetOptions) url(q wire.Queue, names []string) (string, error) {
	var found []wire.QueueAPI
	var all []string
	for _, a := range q.APIs {
		all = append(all, fmt.Sprintf("api%d has %s", a.API, strings.Join(a.Placeholders, ", ")))
		if slices.Equal(a.Placeholders, names) && (o.api == 0 || o.api == a.API) {
			found = append(found, a)
		}
	}
	line := "workerctl offset get " + o.name
	switch {
	case len(found) == 0:
		return "", run.Usage(fmt.Sprintf("no such child API of %s has the placeholders %s: %s", o.name, strings.Join(names, ", "), strings.Join(all, "; ")), line)
	case len(found) > 1:
		return "", run.Usage(fmt.Sprintf("several child APIs of %s have these placeholders, which one? add --api %d", o.name, found[0].API), line)
	}
	return found[0].URL, nil
}
