import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { StepstreamModule } from 'stepstream/nestjs';
import { HealthController } from './health-controller.js';
import { OrderProcessor } from './order-processor.js';
import { OrderRepository } from './order-repository.js';
import { OrdersController } from './orders-controller.js';
import { ParcelProcessor } from './parcel-processor.js';

@Module({
  imports: [StepstreamModule.registerQueue(OrderProcessor)],
  providers: [OrderRepository, OrderProcessor, ParcelProcessor],
  controllers: [OrdersController],
})
class OrdersModule {}

@Module({
  imports: [
    StepstreamModule.forRootAsync({ useFactory: () => ({ connection: process.env['REDIS_URL'], grace: '10 s' }) }),
    TerminusModule,
    OrdersModule,
  ],
  controllers: [HealthController],
})
export class AppModule {}
