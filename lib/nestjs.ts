export { LibeventClient, type LibeventClientOptions } from './nestjs/LibeventClient';
export { LibeventContext } from './nestjs/LibeventContext';
export type { LibeventEvents, LibeventStatus } from './nestjs/LibeventEvents';
export { LibeventServer, type LibeventServerOptions } from './nestjs/LibeventServer';
export type { PacketConfig } from './nestjs/PacketConfig';
