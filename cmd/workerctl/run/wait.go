package run

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/headwater/headwater/internal/api/client"
)

// Waiting is the flags of commands that take time.
type Waiting struct {
	Wait    bool
	Timeout time.Duration
}

const defaultTimeout = 2 * time.Minute

// Flags adds --wait and --timeout; until says what is waited for.
func (w *Waiting) Flags(cmd *cobra.Command, until string) {
	cmd.Flags().BoolVar(&w.Wait, "wait", false, "return when "+until)
	cmd.Flags().DurationVar(&w.Timeout, "timeout", defaultTimeout, "with --wait: `duration` to wait at most")
	cmd.PreRunE = func(cmd *cobra.Command, args []string) error {
		switch {
		case cmd.Flags().Changed("timeout") && !w.Wait:
			return &UsageError{"--timeout says how long to --wait", Line(cmd, args) + " --wait --timeout " + w.Timeout.String()}
		case w.Timeout <= 0:
			return &UsageError{"--timeout must be more than nothing", Line(cmd, args) + " --wait --timeout " + defaultTimeout.String()}
		}
		return nil
	}
}

// Look says whether what is waited for is there, and what there is now.
type Look func(ctx context.Context) (done bool, now string, err error)

// Until looks again and again until there is what was asked for, or the time is over. Workers that do not answer for a while
// are waited for too.
func (t *Tool) Until(ctx context.Context, w Waiting, what string, look Look) error {
	limited, cancel := context.WithTimeout(ctx, w.Timeout)
	defer cancel()
	defer t.Doing("")
	late := &timeoutError{what: what, after: w.Timeout}
	for {
		done, now, err := look(limited)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case limited.Err() != nil:
			return late
		case is[*client.Unreachable](err):
			now, _, _ = strings.Cut(err.Error(), "\n")
		case err != nil || done:
			return err
		}
		late.detail = now
		t.Doing(fmt.Sprintf("waiting until %s; now: %s", what, now))
		select {
		case <-time.After(t.Every):
		case <-limited.Done():
		}
	}
}
