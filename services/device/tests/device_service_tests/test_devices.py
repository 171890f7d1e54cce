"""The seeded devices and configurations are what the OpenAPI document says."""

from device_service.model import Device, DeviceConfig
from device_service.seed import configs, devices


def test_every_seeded_document_holds_to_its_model() -> None:
    seeded = [Device.model_validate_json(document.body, extra="forbid") for document in devices()]
    configured = [DeviceConfig.model_validate_json(document.body, extra="forbid") for document in configs()]

    assert len(seeded) >= 200
    assert [device.id for device in seeded] == [config.device_id for config in configured]
    assert ("sensor-1", "alice") == (seeded[0].id, seeded[0].owner_id)
