package connector

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/headwater/headwater/cmd/workerctl/run"
	"github.com/headwater/headwater/cmd/workerctl/show"
	"github.com/headwater/headwater/internal/api/client"
)

// NewOffset makes the family offset.
func NewOffset(t *run.Tool) *cobra.Command {
	return run.Group(t, "offset", "Show and change where connectors stand", newOffsetGet(t), newOffsetSet(t), newOffsetReset(t))
}

func newOffsetGet(t *run.Tool) *cobra.Command {
	return &cobra.Command{
		Use: "get NAME", Short: "Show where a connector stands, API by API", Args: run.Takes(1, 1), ValidArgsFunction: t.CompleteOne(t.ConnectorNames),
		RunE: func(cmd *cobra.Command, args []string) error { return offsetGet(cmd.Context(), t, args[0]) },
	}
}

func offsetGet(ctx context.Context, t *run.Tool, name string) error {
	c, err := t.Connect()
	if err != nil {
		return err
	}
	o, err := c.Offsets(ctx, name)
	if err != nil {
		return err
	}
	o.Offsets = append([]client.Offset{}, o.Offsets...)
	return t.Print(o, func() {
		table := show.NewTable("PARTITION", "OFFSET")
		for _, one := range o.Offsets {
			table.Row(pairs(one.Partition), pairs(one.Offset))
		}
		t.Table(table)
	})
}

func pairs(m map[string]any) string {
	var all []string
	for _, key := range slices.Sorted(maps.Keys(m)) {
		all = append(all, fmt.Sprintf("%s=%v", key, m[key]))
	}
	return strings.Join(all, " ")
}

// offsetOptions is a change of offsets.
type offsetOptions struct {
	*run.Tool
	name, file        string
	partition, offset []string // KEY=VALUE
	values            []string // NAME=VALUE
	api               int      // 0: not given
	dryRun            bool
}

func newOffsetSet(t *run.Tool) *cobra.Command {
	o := &offsetOptions{Tool: t}
	cmd := &cobra.Command{
		Use: "set NAME [FILE]", Short: "Set where a stopped connector goes on", Args: run.Takes(1, 2), ValidArgsFunction: t.CompleteEach(t.ConnectorNames, nil),
		Long: `Set where a stopped connector goes on.

FILE is what offset get NAME -o json shows, with the values that you want (- reads standard input);
partitions that it does not name stay. Without FILE, --offset gives the value, and --partition says
of which API when there are several. A child API has an offset for each of its items: --value says of
which.`,
		Example: "  workerctl offset set orders --offset offset=100\n  workerctl offset set orders offsets.json --dry-run\n" +
			"  workerctl offset set orders --value id=17 --offset offset=100",
		RunE: func(cmd *cobra.Command, args []string) error {
			o.name = args[0]
			if len(args) > 1 {
				o.file = args[1]
			}
			switch given := o.offset != nil; {
			case o.file == "" && !given:
				return run.Usage("what is the offset to be?", run.Line(cmd, args)+" --offset offset=VALUE")
			case o.file != "" && (given || o.partition != nil || o.values != nil):
				return run.Usage("give a file, or --partition and --offset, not both", run.Line(cmd, args))
			}
			return o.set(cmd.Context())
		},
	}
	cmd.Flags().StringArrayVar(&o.partition, "partition", nil, "`KEY=VALUE` of the partition, as offset get shows it")
	cmd.Flags().StringArrayVar(&o.offset, "offset", nil, "`KEY=VALUE` of the offset")
	o.itemFlags(cmd)
	run.DryRun(cmd, &o.dryRun)
	return cmd
}

func newOffsetReset(t *run.Tool) *cobra.Command {
	o := &offsetOptions{Tool: t}
	cmd := &cobra.Command{
		Use: "reset NAME", Short: "Forget where a stopped connector stands: it begins anew", Args: run.Takes(1, 1), ValidArgsFunction: t.CompleteOne(t.ConnectorNames),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.name = args[0]
			return o.reset(cmd.Context())
		},
	}
	cmd.Flags().StringArrayVar(&o.partition, "partition", nil, "only this partition: `KEY=VALUE`, as offset get shows it")
	o.itemFlags(cmd)
	run.DryRun(cmd, &o.dryRun)
	return cmd
}

func (o *offsetOptions) set(ctx context.Context) error {
	c, err := o.Connect()
	if err != nil {
		return err
	}
	var wanted client.Offsets
	if o.file != "" {
		if wanted, err = o.fromFile(); err != nil {
			return err
		}
	} else {
		to, err := parse(o.offset)
		if err != nil {
			return err
		}
		at, err := o.which(ctx, c)
		if err != nil {
			return err
		}
		wanted.Offsets = []client.Offset{{Partition: at, Offset: to}}
	}
	return o.alter(ctx, c, wanted)
}

func (o *offsetOptions) reset(ctx context.Context) error {
	c, err := o.Connect()
	switch {
	case err != nil:
		return err
	case o.partition != nil || o.values != nil:
		at, err := o.which(ctx, c)
		if err != nil {
			return err
		}
		return o.alter(ctx, c, client.Offsets{Offsets: []client.Offset{{Partition: at}}})
	}
	now, err := c.Offsets(ctx, o.name)
	if err != nil {
		return err
	}
	if o.dryRun {
		wanted := client.Offsets{Offsets: []client.Offset{}}
		for _, one := range now.Offsets {
			wanted.Offsets = append(wanted.Offsets, client.Offset{Partition: one.Partition})
		}
		return o.preview(ctx, c, wanted)
	}
	m, err := c.ResetOffsets(ctx, o.name)
	return o.answer(m, err)
}

func (o *offsetOptions) alter(ctx context.Context, c *client.Client, wanted client.Offsets) error {
	if o.dryRun {
		return o.preview(ctx, c, wanted)
	}
	m, err := c.AlterOffsets(ctx, o.name, wanted)
	return o.answer(m, err)
}

func (o *offsetOptions) answer(m client.Message, err error) error {
	if err != nil {
		return err
	}
	return o.Print(m, func() { o.Say("%s: %s", o.name, m.Message) })
}

// which returns the partition that is meant: the one named, or the only one.
func (o *offsetOptions) which(ctx context.Context, c *client.Client) (map[string]any, error) {
	if o.values != nil {
		return o.item(ctx, c)
	}
	if o.partition != nil {
		return parse(o.partition)
	}
	now, err := c.Offsets(ctx, o.name)
	if err != nil {
		return nil, err
	}
	if len(now.Offsets) == 1 {
		return now.Offsets[0].Partition, nil
	}
	if len(now.Offsets) == 0 {
		return nil, run.Usage(o.name+" has no offset yet", "workerctl offset set "+o.name+" --partition url=URL --offset ...")
	}
	return nil, run.Usage(
		fmt.Sprintf("%s has %d partitions: which one? workerctl offset get %s shows them", o.name, len(now.Offsets), o.name),
		"workerctl offset set "+o.name+" --partition '"+pairs(now.Offsets[0].Partition)+"' --offset ...",
	)
}

// fromFile reads {"offsets":[...]}.
func (o *offsetOptions) fromFile() (client.Offsets, error) {
	data, err := o.Read(o.file)
	if err != nil {
		return client.Offsets{}, err
	}
	var wanted client.Offsets
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	d.DisallowUnknownFields()
	if err := d.Decode(&wanted); err != nil || len(wanted.Offsets) == 0 {
		return wanted, run.Input(fmt.Errorf(`%s: expected {"offsets":[{"partition":{...},"offset":{...}}]}, as offset get -o json shows it (%w)`, o.file, orNone(err)))
	}
	return wanted, nil
}

func orNone(err error) error {
	if err == nil {
		return fmt.Errorf("there are no offsets in it")
	}
	return err
}

// parse reads KEY=VALUE; a value may hold anything, commas too.
func parse(list []string) (map[string]any, error) {
	out := make(map[string]any, len(list))
	for _, one := range list {
		key, value, ok := strings.Cut(one, "=")
		if !ok || key == "" {
			return nil, run.Input(fmt.Errorf("%q is not of the form KEY=VALUE", one))
		}
		out[key] = value
	}
	return out, nil
}

// difference is a partition, where it stands and where it would stand.
type difference struct {
	Partition map[string]any `json:"partition"`
	Now       map[string]any `json:"now"`
	Then      map[string]any `json:"then"`
}

// preview shows what would change, and whether the connector is in the state for it.
func (o *offsetOptions) preview(ctx context.Context, c *client.Client, wanted client.Offsets) error {
	now, err := c.Offsets(ctx, o.name)
	if err != nil {
		return err
	}
	s, err := c.Status(ctx, o.name)
	if err != nil && !run.Missing(err) {
		return err
	}
	if s.Connector.State != "STOPPED" {
		o.Note("%s is %s: its offsets can be changed once it is stopped: workerctl connector stop %s --wait", o.name, s.Connector.State, o.name)
	}
	list := []difference{}
	for _, one := range wanted.Offsets {
		d := difference{Partition: one.Partition, Then: one.Offset}
		if i := slices.IndexFunc(now.Offsets, func(p client.Offset) bool { return pairs(p.Partition) == pairs(one.Partition) }); i >= 0 {
			d.Now = now.Offsets[i].Offset
		}
		list = append(list, d)
	}
	return o.Print(list, func() {
		table := show.NewTable("PARTITION", "NOW", "THEN")
		for _, d := range list {
			table.Row(pairs(d.Partition), pairs(d.Now), pairs(d.Then))
		}
		o.Table(table)
	})
}
