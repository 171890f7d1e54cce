"""What a person wrote: `colonnade.yaml` and every `bff.yaml`, typed, with positions."""
