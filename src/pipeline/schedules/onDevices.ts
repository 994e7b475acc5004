import type { DeviceMap, Schedule } from '../schedule.ts';

/**
 * A schedule that decides as it goes, with its virtual stages on the devices that a partitioner chose.
 * @throws Error for a schedule whose order is fixed: the door refuses it
 */
export function onDevices(schedule: Schedule, map: DeviceMap): Schedule {
  const { orderOn } = schedule;
  if (orderOn === undefined) throw new Error(`schedule ${schedule.name} came through the door with a device map`);
  return {
    ...schedule,
    fixed: false,
    placementFor: () => map,
    order: (shape, costs) => orderOn(map, shape, costs),
  };
}
