"""What training any reference model needs: the loop, start weights, killed runs, the head, the command."""
