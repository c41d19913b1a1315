package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/headwater/headwater/cmd/workerctl/assign"
	"github.com/headwater/headwater/cmd/workerctl/connector"
	"github.com/headwater/headwater/cmd/workerctl/queue"
	"github.com/headwater/headwater/cmd/workerctl/run"
	"github.com/headwater/headwater/cmd/workerctl/show"
	"github.com/headwater/headwater/internal/api/client"
)

// newRoot is the command tree.
func newRoot(t *run.Tool) *cobra.Command {
	root := run.Group(t, "workerctl", "Run a Headwater cluster",
		assign.New(t), connector.New(t), connector.NewOffset(t), connector.NewTask(t), assign.NewWorker(t), connector.NewTopic(t), queue.New(t), newAuth(t), newVersion(t))
	root.Long = `Run a Headwater cluster: who runs what, connectors, offsets, tasks, workers,
topics and work queues.

Credentials come from files and the environment only, so that they show neither in the
shell's history nor in the list of processes.`
	root.SilenceErrors, root.SilenceUsage = true, true
	root.SetIn(t.In)
	root.SetOut(t.Out)
	root.SetErr(t.Err)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return run.Usage(err.Error(), run.Line(cmd, cmd.Flags().Args())+hintFlags(cmd))
	})
	root.InitDefaultCompletionCmd("workerctl")
	flags := root.PersistentFlags()
	flags.StringSliceVar(&t.Settings.Servers, "server", nil,
		"`URL` of a worker; of several, the next is asked when one does not answer (env "+client.EnvServer+", default "+client.DefaultServer+")")
	flags.StringVarP(&t.Format, "output", "o", show.Formats[0], "`format`: "+strings.Join(show.Formats, ", "))
	for _, f := range []struct {
		field             *string
		name, about, from string
	}{
		{&t.Settings.UserFile, "user-file", "with one line user:password", client.EnvUserFile + ", or " + client.EnvUser + " and " + client.EnvPassword},
		{&t.Settings.TokenFile, "token-file", "with a bearer token", client.EnvTokenFile + ", or " + client.EnvToken},
		{&t.Settings.CACert, "cacert", "of certificates to trust", client.EnvCACert},
		{&t.Settings.Cert, "cert", "of this client's certificate", client.EnvCert},
		{&t.Settings.Key, "key", "of the certificate's key", client.EnvKey},
	} {
		flags.StringVar(f.field, f.name, "", "`file` "+f.about+" (env "+f.from+")")
	}
	_ = root.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(show.Formats, cobra.ShellCompDirectiveNoFileComp))
	return root
}

func hintFlags(cmd *cobra.Command) string {
	if cmd.HasAvailableFlags() {
		return "\nits flags: " + cmd.CommandPath() + " --help"
	}
	return ""
}
